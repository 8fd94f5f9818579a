/** The data stored about one user, as a JSON document that is streamed page by page. Does no I/O of its own. */

/** One page of one part of the document. */
export interface Page {
  /** The name of the part. */
  part: string;
  rows: readonly object[];
  /** The key after which the next page begins; null on the last page. */
  next: string | null;
}

export interface OwnData {
  /** The first page of every part, in one round trip. */
  first: (userId: string, sessionId: string) => Promise<Page[]>;
  /** The page of `part` that begins after the key `next`, in one round trip. */
  after: (userId: string, sessionId: string, part: string, next: string) => Promise<Page>;
}

/**
 * Yields `{...head, part: [rows], part: [rows]}` in pieces of one page each. If a page cannot be read, the document
 * breaks off and is invalid JSON, so that nobody takes it for complete.
 */
export async function* documentOf(
  head: object,
  pages: readonly Page[],
  after: (part: string, next: string) => Promise<Page>,
): AsyncGenerator<string> {
  yield JSON.stringify(head).slice(0, -1);
  for (const first of pages) {
    let page = first;
    yield `,${JSON.stringify(page.part)}:[${listed(page)}`;
    while (page.next !== null) {
      page = await after(page.part, page.next);
      if (page.rows.length > 0) yield `,${listed(page)}`;
    }
    yield ']';
  }
  yield '}';
}

const listed = ({ rows }: Page): string => rows.map((row) => JSON.stringify(row)).join(',');

/** UTF-8 bytes, produced on demand; holds one piece at a time. */
export function streamOf(pieces: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const { value, done } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    cancel: async () => {
      await pieces.return(undefined);
    },
  });
}

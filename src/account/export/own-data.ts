/** What is kept of one user, as one JSON document that is written while it is read. Pure but for its pages. */

/** A part of the document, a page at a time. */
export interface Page {
  /** The name of the part. */
  part: string;
  rows: readonly object[];
  /** What the next page begins after; null after the last one. */
  next: string | null;
}

export interface OwnData {
  /** The first page of every part, in one round trip. */
  first: (userId: string, sessionId: string) => Promise<Page[]>;
  /** The page of `part` after another one, in one round trip. */
  after: (userId: string, sessionId: string, part: string, next: string) => Promise<Page>;
}

/**
 * `{...head, part: [rows], part: [rows]}`, in pieces of a page each. Where a page cannot be read the document breaks
 * off, so that nobody takes it for the whole.
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

/** Bytes as they are asked for; one piece is held. */
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

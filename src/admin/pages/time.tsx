/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/**
 * A moment: UTC, on hover too. The script of the console (assets/admin/console.js) puts the reader's own time in its
 * place.
 */

/** Epoch seconds. `never` stands in place of no time. */
export const Time = ({ at, never }: { at: number | null; never?: string }) => {
  if (at === null) return <span class="dim">{never}</span>;
  const iso = new Date(at * 1_000).toISOString();
  const [day, clock] = [iso.slice(0, 10), iso.slice(11, 19)];
  return (
    <time datetime={iso} title={`${day} ${clock} UTC`}>
      {`${day} ${clock.slice(0, 5)} UTC`}
    </time>
  );
};

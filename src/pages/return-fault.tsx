/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/** Shown instead of a page whose `return_to` is not allowed. */
import { Page } from '../http/page.tsx';
import { type Frame, pathOf } from './parts.tsx';

export const ReturnFaultPage = ({ frame }: { frame: Frame }) => {
  const words = frame.words.returnFault;
  return (
    <Page
      title={words.title}
      language={frame.language}
      files={`${frame.mount}/static`}
      site={frame.site}
      kind="card"
    >
      <h1>{words.title}</h1>
      <section>
        <p>{words.text}</p>
      </section>
      {frame.pages.includes('sign-in') && (
        <p>
          <a href={pathOf(frame, 'sign-in')}>{words.signIn}</a>
        </p>
      )}
    </Page>
  );
};

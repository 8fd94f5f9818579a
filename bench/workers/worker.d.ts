/** The deployed bundle: lies beside a Worker of this bench when that one is served. */
declare const worker: {
  fetch: (request: Request, env: unknown, context: ExecutionContext) => Promise<Response>;
  scheduled: (controller: unknown, env: unknown, context: ExecutionContext) => Promise<void>;
};
export default worker;

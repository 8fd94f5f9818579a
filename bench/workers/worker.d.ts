/** The deployed bundle, served next to a Worker of this benchmark. */
declare const worker: {
  fetch: (request: Request, env: unknown, context: ExecutionContext) => Promise<Response>;
  scheduled: (controller: unknown, env: unknown, context: ExecutionContext) => Promise<void>;
};
export default worker;

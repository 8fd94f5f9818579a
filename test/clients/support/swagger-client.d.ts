declare module 'swagger-client' {
  interface Response {
    status: number;
    body: unknown;
  }
  type Call = (parameters: object, options?: { requestBody?: unknown }) => Promise<Response>;
  interface Request {
    url: string;
    headers: Record<string, string>;
  }
  export default function SwaggerClient(options: {
    url: string;
    requestInterceptor?: (request: Request) => Request;
  }): Promise<{ apis: Record<string, Record<string, Call>> }>;
}

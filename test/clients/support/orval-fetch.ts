/** The mutator of orval: what each generated function calls. */
export const service = {
  origin: '',
  fetch: (input: string, init?: RequestInit): Promise<Response> => fetch(input, init),
};

export async function call<T>(url: string, options?: RequestInit): Promise<T> {
  const answer = await service.fetch(service.origin + url, options);
  const text = await answer.text();
  return {
    data: text === '' ? undefined : JSON.parse(text),
    status: answer.status,
    headers: answer.headers,
  } as T;
}

declare module 'openapi-to-postmanv2' {
  export interface PostmanRequest {
    method: string;
    url: { path: string[] };
    header?: { key: string; value: string }[];
    body?: { raw?: string };
    auth?: { type: string } | null;
  }
  export interface Item {
    name: string;
    item?: Item[];
    request?: PostmanRequest;
  }
  interface Conversion {
    result: boolean;
    /** Why it failed, or what it could not convert. */
    reason?: string;
    output?: { type: string; data: { item: Item[]; variable: { key: string; value: string }[] } }[];
  }
  interface Input {
    type: 'string';
    data: string;
  }
  export function validate(input: Input): { result: boolean; reason?: string };
  export function convertV2(
    input: Input,
    options: { parametersResolution?: 'Example' | 'Schema'; folderStrategy?: 'Tags' | 'Paths' },
    done: (error: Error | null, conversion: Conversion) => void,
  ): void;
}

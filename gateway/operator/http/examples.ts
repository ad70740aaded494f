import { readJson } from '../../../schemas/load.js';

/** Examples of requests and answers, from docs/http-api.md by `npm run generate`. */
export interface Examples {
  /** An error. */
  problem: unknown;
  /** By method and path, such as `post /v1/devices`. */
  operations: Record<
    string,
    {
      /** The body of the request. */
      body?: unknown;
      /** By status and type, such as `200 application/json`. */
      answers: Record<string, unknown>;
    }
  >;
}

/** Throws if the file is missing. */
export const readExamples = (): Examples => readJson('schemas/generated/examples.json') as Examples;

import type { Answer } from './transport.js';

/** The fields of a request by which its length is found, each as often as it came. */
export interface LengthFields {
  contentLengths: readonly string[];
  transferEncodings: readonly string[];
}

/**
 * Why the length of a request is ambiguous (RFC 9112, section 6.3), as a sentence; null if it is not. Two programs on the way may
 * find different ends for such a request, and one of them would take the rest for a request of its own.
 */
export function lengthFault({ contentLengths, transferEncodings }: LengthFields): string | null {
  if (contentLengths.length > 1) return 'The request has more than one Content-Length header';
  if (transferEncodings.length > 1) return 'The request has more than one Transfer-Encoding header';
  if (contentLengths.length + transferEncodings.length > 1)
    return 'The request has a Content-Length and a Transfer-Encoding header';
  if (contentLengths.some((value) => !/^[0-9]{1,15}$/.test(value))) return 'The Content-Length header is not a number';
  if (transferEncodings.some((value) => value.toLowerCase() !== 'chunked'))
    return 'The Transfer-Encoding header is not chunked';
  return null;
}

/** The answer to such a request. Nothing after it on the connection is read. */
export const ambiguousLength = (fault: string): Answer => ({
  status: 400,
  headers: { 'Cache-Control': 'no-store', 'Content-Type': 'application/problem+json' },
  body: JSON.stringify({
    type: 'about:blank',
    title: 'The length of the request is ambiguous',
    status: 400,
    detail: `${fault}. Send one Content-Length or Transfer-Encoding: chunked, and not both.`,
    code: 'length_ambiguous',
  }),
  closes: true,
});

/** A change of the registry that is refused; `code` goes into the problem answer. */
export class RegistryError extends Error {
  constructor(
    readonly code:
      | 'device_exists'
      | 'device_unknown'
      | 'credential_unknown'
      | 'window_invalid'
      | 'too_many_credentials',
    message: string,
  ) {
    super(message);
  }
}

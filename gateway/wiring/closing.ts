/** Something that was opened and must be closed. */
export interface Closable {
  close(): void | Promise<void>;
}

/** Closes what was opened in reverse order, whether the start failed half-way or the gateway stops. */
export class Closing {
  private readonly opened: Closable[] = [];
  private closed: Promise<void> | null = null;

  /** Adds a part and returns it. */
  add<Part extends Closable>(part: Part): Part {
    this.opened.push(part);
    return part;
  }

  /** Closes everything, once. A part that fails to close keeps none of the others open; the first error is thrown at the end. */
  all(): Promise<void> {
    this.closed ??= this.closeAll();
    return this.closed;
  }

  private async closeAll(): Promise<void> {
    const errors: unknown[] = [];
    for (const part of this.opened.reverse()) {
      try {
        await part.close();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }
}

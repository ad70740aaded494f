import type { Logger } from 'pino';

/** Saves how far the broker has acknowledged the log. After a crash, what was acknowledged since the last save is sent again. */
export class CursorSaver {
  private saved: number;
  private saving: Promise<void> | null = null;

  constructor(
    /** Position in the log: everything up to here is acknowledged, or was dropped. */
    public position: number,
    private readonly moveCursor: (position: number) => Promise<void>,
    private readonly log: Logger,
  ) {
    this.saved = position;
  }

  /** One save at a time. What is acknowledged while it runs is saved by the next one. */
  save(): Promise<void> {
    if (this.saving !== null || this.position === this.saved) return this.saving ?? Promise.resolve();
    const next = this.position;
    this.saving = this.moveCursor(next)
      .then(() => {
        this.saved = next;
      })
      .catch((error) => this.log.warn({ err: error }, 'the position of the bridge was not saved; it is tried again'))
      .finally(() => {
        this.saving = null;
      });
    return this.saving;
  }

  /** Saves the last position. */
  async finish(): Promise<void> {
    await this.saving;
    await this.save();
  }
}

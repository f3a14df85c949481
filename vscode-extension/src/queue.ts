/** One at a time: what is asked for while it runs happens once more afterwards, however often asked. */

export class Queue {
  #running: Promise<void> | undefined;
  #again = false;

  constructor(private readonly work: () => Promise<void>) {}

  /** Runs the work, or has it run once more after the run at hand; done when nothing is left. */
  ask(): Promise<void> {
    if (this.#running !== undefined) {
      this.#again = true;
      return this.#running;
    }
    this.#running = this.#drain().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #drain(): Promise<void> {
    do {
      this.#again = false;
      await this.work();
    } while (this.#again);
  }
}

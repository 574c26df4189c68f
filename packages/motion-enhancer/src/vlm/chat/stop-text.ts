/** Passes text on piece by piece until one of some texts has come; what may be its beginning waits. */
export class StopText {
  readonly #stops: readonly string[];
  readonly #give: (piece: string) => void;
  #held = '';
  #stopped = false;

  /** @param stops none of them empty @param give is called with text that lies before every stop */
  constructor(stops: readonly string[], give: (piece: string) => void) {
    this.#stops = stops;
    this.#give = give;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** @returns false once a stop has come */
  push(piece: string): boolean {
    if (this.#stopped) return false;
    this.#held += piece;
    const places = this.#stops.map((stop) => this.#held.indexOf(stop)).filter((place) => place >= 0);
    if (places.length > 0) {
      this.#pass(Math.min(...places));
      this.#stopped = true;
      return false;
    }
    this.#pass(this.#held.length - this.#waiting());
    return true;
  }

  /** The text is over: what waited is text after all. */
  end(): void {
    if (!this.#stopped) this.#pass(this.#held.length);
  }

  #pass(length: number): void {
    const piece = this.#held.slice(0, length);
    this.#held = this.#held.slice(length);
    if (piece !== '') this.#give(piece);
  }

  /** Length of the longest end of the text that begins a stop. */
  #waiting(): number {
    const maxLength = Math.max(0, ...this.#stops.map((stop) => stop.length - 1));
    for (let n = Math.min(maxLength, this.#held.length); n > 0; n--) {
      const end = this.#held.slice(-n);
      if (this.#stops.some((stop) => stop.startsWith(end))) return n;
    }
    return 0;
  }
}

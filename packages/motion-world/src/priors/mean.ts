/** Sums over words or clips, for a mean and its standard error. */
export class Mean {
  #n = 0;
  #sum = 0;
  #squares = 0;
  add(value: number): void {
    this.#n++;
    this.#sum += value;
    this.#squares += value * value;
  }
  get n(): number {
    return this.#n;
  }
  get mean(): number {
    return this.#sum / this.#n;
  }
  /** Half of the 95 % interval of the mean. */
  get interval(): number {
    return 1.96 * Math.sqrt(Math.max(0, this.#squares / this.#n - this.mean ** 2) / this.#n);
  }
}

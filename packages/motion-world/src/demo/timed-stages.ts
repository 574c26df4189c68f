export interface TimedStages {
  /** Seconds of each stage that has ended. */
  seconds: Record<string, number>;
  stage<T>(name: string, body: () => Promise<T>): Promise<T>;
}

/** Runs the stages of a demo: each is told when it begins and timed. */
export function timedStages(onStage: (name: string) => void): TimedStages {
  const seconds: Record<string, number> = {};
  return {
    seconds,
    async stage(name, body) {
      onStage(name);
      const began = performance.now();
      const result = await body();
      seconds[name] = (performance.now() - began) / 1000;
      return result;
    },
  };
}

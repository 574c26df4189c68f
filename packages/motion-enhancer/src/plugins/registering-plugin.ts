let registering: string | null = null;

/** The file of the plugin that is being loaded; null outside of one. What it registers other threads can load again. */
export const registeringPlugin = (): string | null => registering;

/** @internal */
export async function whileRegistering<T>(file: string, body: () => Promise<T>): Promise<T> {
  registering = file;
  try {
    return await body();
  } finally {
    registering = null;
  }
}

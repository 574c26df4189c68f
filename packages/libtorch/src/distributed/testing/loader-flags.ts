/** The flags that decide how modules are found and compiled, so that a child runs as this process does. */
export function loaderFlags(execArgv: readonly string[]): string[] {
  const takesValue = /^(--import|--conditions|-C|--loader)$/;
  return execArgv.flatMap((flag, i) => {
    if (takesValue.test(flag)) return [flag, execArgv[i + 1] ?? ''];
    return /^(--import|--conditions|--loader)=/.test(flag) ? [flag] : [];
  });
}

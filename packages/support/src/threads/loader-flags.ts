/** The flags that decide how modules are found and compiled; others, such as `--test`, are not for the child. */
export function loaderFlags(execArgv: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i < execArgv.length; i++) {
    const flag = execArgv[i]!;
    if (/^(--import|--require|-r|--loader|--experimental-loader|--conditions|-C)$/.test(flag))
      kept.push(flag, execArgv[++i] ?? '');
    else if (
      /^(--import|--require|--loader|--experimental-loader|--conditions|--experimental-strip-types|--max-old-space-size)(=|$)/.test(
        flag,
      )
    )
      kept.push(flag);
  }
  return kept;
}

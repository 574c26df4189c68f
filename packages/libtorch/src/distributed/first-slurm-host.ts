import { expected } from '@motion-enhancer/support';

/**
 * The first host of Slurm's list: `gpu[003-006,9],login1` is gpu003, `a[1-2]b[07,9]` is a1b07.
 * @throws UserError when the list is empty or a bracket is not closed
 */
export function firstSlurmHost(list: string): string {
  const first = untilComma(list.trim());
  if (first === '' || !/^(\[[\d,-]+\]|[^[\],\s])+$/.test(first))
    throw expected('a list of hosts', 'SLURM_JOB_NODELIST', list);
  return first.replace(/\[(\d+)[\d,-]*\]/g, '$1');
}

/** Up to the first comma that is not in brackets. */
function untilComma(list: string): string {
  let depth = 0;
  for (let i = 0; i < list.length; i++) {
    if (list[i] === '[') depth++;
    else if (list[i] === ']') depth--;
    else if (list[i] === ',' && depth === 0) return list.slice(0, i);
  }
  return list;
}

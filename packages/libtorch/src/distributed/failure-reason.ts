/** libtorch's words for a failed collective, without the name of its operator and the place in its C++ sources. */
export function failureReason({ message }: Error): string {
  const text = message
    .split('\n')[0]!
    .replace(/^_c10d_functional::\w+ failed: /, '')
    .replace(/ This is typically caused by .*$/, '')
    .replace(/\[\/[^\]]*\.(cc|cpp|h):\d+\] ?/g, '')
    .replace(/\.$/, '');
  return /closed by peer|reset by peer|Broken pipe/i.test(text) ? `a rank is gone (${text}).` : `${text}.`;
}

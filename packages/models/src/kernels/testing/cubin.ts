/** What a cubin (an ELF file) says of one kernel. */
export interface CompiledKernel {
  code: Uint8Array;
  /** Bytes of static shared memory of a block. */
  staticShared: number;
}

/** The kernels of a cubin by name: sections `.text.NAME`, with `.nv.shared.NAME` where shared memory is declared. */
export function kernelsOf(cubin: ArrayBuffer): Map<string, CompiledKernel> {
  const view = new DataView(cubin);
  const u64 = (at: number) => Number(view.getBigUint64(at, true));
  const [table, size] = [u64(0x28), view.getUint16(0x3a, true)];
  const [count, names] = [view.getUint16(0x3c, true), view.getUint16(0x3e, true)];
  const section = (i: number) => {
    const at = table + i * size;
    return { name: view.getUint32(at, true), offset: u64(at + 0x18), bytes: u64(at + 0x20) };
  };
  const strings = new Uint8Array(cubin, section(names).offset, section(names).bytes);
  const text = (from: number) => Buffer.from(strings.subarray(from, strings.indexOf(0, from))).toString();
  const sections = new Map(Array.from({ length: count }, (_, i) => [text(section(i).name), section(i)] as const));
  const kernels = [...sections].flatMap(([name, { offset, bytes }]) => {
    if (!name.startsWith('.text.')) return [];
    const kernel = name.slice('.text.'.length);
    const staticShared = sections.get(`.nv.shared.${kernel}`)?.bytes ?? 0;
    return [[kernel, { code: new Uint8Array(cubin, offset, bytes), staticShared }] as const];
  });
  return new Map(kernels);
}

/** A sample's id as the name of one folder or file: ids of data sets hold slashes, and must not lead elsewhere. */
export function fileName(id: string): string {
  const name = id.replace(/[\\/\0]/g, '_');
  return /^\.*$/.test(name) ? `_${name}` : name;
}

/**
 * Packages for other platforms that a lock file's packages name but that it does not hold. npm leaves them out where its
 * registry does not offer them (mirrors often carry some platforms only), and then `npm ci` refuses the lock file everywhere.
 *
 * @returns {{ name: string, version: string, parent: string }[]}
 */
export function missingPlatformPackages(lock) {
  const missing = new Map();
  for (const [parent, entry] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      const held = Object.keys(lock.packages).some((path) => path.endsWith(`node_modules/${name}`));
      if (!held) missing.set(name, { name, version, parent });
    }
  }
  return [...missing.values()];
}

/**
 * The lock file with those entries added: version, and the platform that the name states, so that npm passes over them
 * elsewhere. Throws for a package whose name states no platform or whose version is a range: only npm can resolve that.
 */
export function completeLockfile(lock) {
  const packages = { ...lock.packages };
  for (const { name, version, parent } of missingPlatformPackages(lock)) {
    const platform = platformOf(name);
    if (!platform || !/^\d+\.\d+\.\d+\S*$/.test(version)) {
      throw new Error(`Expected an exact version and a platform in the name but received ${name}@${version}.`);
    }
    const { dev, license } = packages[parent];
    // In the order that npm writes, so that its next run changes nothing.
    packages[`node_modules/${name}`] = {
      version,
      cpu: platform.cpu,
      ...(dev && { dev }),
      ...(platform.libc && { libc: platform.libc }),
      ...(license && { license }),
      optional: true,
      os: platform.os,
    };
  }
  const sorted = Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return { ...lock, packages: Object.fromEntries(sorted) };
}

/** '@x/cli-linux-arm64-musl' → { cpu: ['arm64'], libc: ['musl'], os: ['linux'] }. */
export function platformOf(name) {
  const match =
    /(?:^|[-/])(aix|android|darwin|freebsd|linux|netbsd|openbsd|sunos|win32)-(arm64|arm|ia32|loong64|ppc64|riscv64|s390x|x64)(?:-(musl|gnu|glibc))?(?:-\w+)?$/.exec(
      name,
    );
  if (!match) return undefined;
  const [, os, cpu, libc] = match;
  return { cpu: [cpu], ...(libc && { libc: [libc === 'musl' ? 'musl' : 'glibc'] }), os: [os] };
}

/** A cause the user can mend: what is wrong, and the exact command or step that mends it. The command line prints both, without a stack. */
export class SetupError extends Error {
  /**
   * @param {string} message what is wrong, in one sentence
   * @param {string} remedy the command or step that mends it
   * @param {{ cause?: unknown }} [options]
   */
  constructor(message, remedy, options) {
    super(message, options);
    this.name = 'SetupError';
    this.remedy = remedy;
  }
}

/** Runs a script's main function: a SetupError ends in exit code 2 and two readable lines, anything else keeps its stack. */
export async function runMain(name, main) {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    process.stderr.write(`${name}: ${error.message}\n${indent(`To mend it: ${error.remedy}`)}\n`);
    process.exitCode = 2;
  }
}

function indent(text) {
  return text.replaceAll(/^/gm, '  ');
}

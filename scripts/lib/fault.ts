/** An error that is shown as its message alone, without a stack. */
export class ScriptFault extends Error {
  override name = 'ScriptFault';
}

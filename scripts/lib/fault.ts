/** An error whose message is all that the person at the terminal needs: no stack is shown. */
export class ScriptFault extends Error {
  override name = 'ScriptFault';
}

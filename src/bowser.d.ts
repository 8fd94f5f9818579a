/** The modules of Bowser have no types of their own. */
declare module 'bowser/src/bowser.js' {
  export { default } from 'bowser';
}

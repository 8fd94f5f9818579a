/** The part of uqr that is used. Loaded on first use. */
export { renderSVG } from 'uqr';

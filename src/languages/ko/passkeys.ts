export const passkeyNames = {
  unnamed: '패스키',
};

/*! hono-accounts/email-sign-in 0.1.0 | MIT */
var o=(n,i,t)=>n.signIn("/login/email/confirm",i,t);async function s(n,i,t){return await n.request("POST","/login/email",{email:i},t),{email:i,confirm:(e,r)=>o(n,{email:i,code:e},r)}}export{o as confirmEmailSignIn,s as signInByEmail};
//# sourceMappingURL=email-sign-in.js.map

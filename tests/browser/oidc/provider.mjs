// A provider of OpenID Connect for the tests: whoever types a name and any password is that person;
// what stands behind a hyphen in the name is the role. Where its parts lie, the last argument says.
import { createRequire } from "node:module";

const [port, redirect, secret, folder] = process.argv.slice(2);
const { Provider } = await import(createRequire(`${folder}/`).resolve("oidc-provider"));

const provider = new Provider(`http://localhost:${port}`, {
  clients: [
    {
      client_id: "pcs",
      client_secret: secret,
      redirect_uris: redirect.split(","),
      post_logout_redirect_uris: redirect.split(","),
    },
  ],
  claims: { openid: ["sub", "roles"], profile: ["name"], email: ["email"] },
  conformIdTokenClaims: false,
  cookies: { keys: [secret] },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, name: id.split("-")[0], roles: [id.split("-")[1]] }),
  }),
});
provider.listen(Number(port), "127.0.0.1", () => console.log("ready"));

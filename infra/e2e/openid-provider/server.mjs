// An OpenID provider for SignInE2E: certified software, with people who may be anybody. Whoever
// signs in is who they say; ann is one of the operators, and mallory's address is not verified.
import Provider from 'oidc-provider';

const [port, callback] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const provider = new Provider(issuer, {
  clients: [{
    client_id: 'perigee',
    client_secret: process.env.CLIENT_SECRET,
    redirect_uris: [callback],
  }],
  claims: { openid: ['sub'], email: ['email', 'email_verified'], groups: ['groups'] },
  scopes: ['openid', 'email', 'groups'],
  async findAccount(context, id) {
    return {
      accountId: id,
      async claims() {
        return {
          sub: id,
          email: `${id}@people.example`,
          email_verified: id !== 'mallory',
          groups: id === 'ann' ? ['staff', 'operators'] : ['staff'],
        };
      },
    };
  },
});
provider.listen(Number(port), '127.0.0.1', () => console.log(`provider ready ${issuer}`));

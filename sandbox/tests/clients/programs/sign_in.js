// People sign in to a web application by tumblr: the libraries that do that, against a sandbox.
//
// `node sign_in.js NAME FOLDER` serves an application made of the packages in FOLDER (its node_modules), goes through it as frank's
// browser does, and prints whom the application found. `redirect.js` must have been required before.
'use strict';

const { createRequire } = require('node:module');

const [name, folder] = process.argv.slice(2);
const load = createRequire(`${folder}/application.js`);
const keys = JSON.parse(process.env.KEYS);
const SECRET = 'a secret of this run, long enough';

function listening(application) {
  return new Promise((resolve) => {
    const server = application.listen(0, '127.0.0.1', () => resolve(server));
  });
}

function withSession() {
  const express = load('express');
  const application = express();
  application.use(load('express-session')({ secret: SECRET, resave: true, saveUninitialized: true }));
  return application;
}

const APPLICATIONS = {
  'passport-tumblr': async () => {
    const passport = load('passport');
    const { Strategy } = load('passport-tumblr');
    const application = withSession();
    const server = await listening(application);
    const origin = `http://127.0.0.1:${server.address().port}`;
    const chosen = {
      consumerKey: keys.consumer_key,
      consumerSecret: keys.consumer_secret,
      callbackURL: `${origin}/back`,
    };
    passport.use(new Strategy(chosen, (token, secret, profile, done) => done(null, profile)));
    application.get('/start', passport.authenticate('tumblr', { session: false }));
    application.get('/back', (request, response, next) => {
      const done = (error, user) => (error ? next(error) : response.send(user.username));
      passport.authenticate('tumblr', done)(request, response, next);
    });
    return { origin, start: '/start', server };
  },
  grant: async () => {
    const application = withSession();
    const server = await listening(application);
    const origin = `http://127.0.0.1:${server.address().port}`;
    const tumblr = {
      key: keys.consumer_key,
      secret: keys.consumer_secret,
      callback: '/done',
      response: ['tokens', 'profile'],
      profile_url: 'https://api.tumblr.com/v2/user/info',
    };
    application.use(load('grant').express({ defaults: { origin, transport: 'session' }, tumblr }));
    application.get('/done', (request, response) => {
      response.send(request.session.grant.response.profile.response.user.name);
    });
    return { origin, start: '/connect/tumblr', server };
  },
  bell: async () => {
    const server = load('@hapi/hapi').server({ host: '127.0.0.1', port: 0 });
    await server.register(load('@hapi/bell'));
    await server.start();
    server.auth.strategy('tumblr', 'bell', {
      provider: 'tumblr',
      password: SECRET,
      clientId: keys.consumer_key,
      clientSecret: keys.consumer_secret,
      isSecure: false,
      location: server.info.uri,
    });
    server.route({
      method: ['GET', 'POST'],
      path: '/start',
      options: { auth: 'tumblr', handler: (request) => request.auth.credentials.profile.username },
    });
    return { origin: server.info.uri, start: '/start', server: server.listener };
  },
};

async function main() {
  const { origin, start, server } = await APPLICATIONS[name]();
  const cookies = new Map();
  let address = origin + start;
  for (;;) {
    const mine = address.startsWith(origin);
    const cookie = [...cookies].map((pair) => pair.join('=')).join('; ');
    const answer = await fetch(mine ? address : `${address}&user=frank`, {
      redirect: 'manual',
      headers: mine ? { cookie } : {},
    });
    if (mine) {
      for (const line of answer.headers.getSetCookie()) {
        const [, key, value] = /^([^=]+)=([^;]*)/.exec(line);
        cookies.set(key, value);
      }
    }
    const next = answer.headers.get('location');
    const text = await answer.text();
    if (!next) {
      if (!answer.ok) throw new Error(`${answer.status}: ${text.slice(0, 2000)}`);
      console.log(text);
      break;
    }
    address = new URL(next, address).href;
  }
  server.close();
  process.exit(0);
}

main();

// tumblr.js 3, which signs multipart forms as if they were url-encoded, over TLS. Prints one JSON array.
// Environment: SANDBOX_URL, KEYS (JSON), PICTURE, PROGRAM.
const fs = require('node:fs');
const tumblr = require(process.env.PROGRAM);

const client = tumblr.createClient({
  credentials: JSON.parse(process.env.KEYS),
  baseUrl: process.env.SANDBOX_URL,
  returnPromises: true,
});

async function main() {
  const user = (await client.userInfo()).user.name;
  await client.createPhotoPost('frank', { caption: 'c & é', data: fs.createReadStream(process.env.PICTURE) });
  const data64 = fs.readFileSync(process.env.PICTURE).toString('base64');
  const coded = await client.createPhotoPost('frank', { data64 });
  await client.createTextPost('frank', { title: 'a', body: 'b', tags: 'x y,z' });
  const posts = (await client.blogPosts('frank', { limit: 3 })).posts;
  const avatar = (await client.blogAvatar('frank', 64)).avatar_url;
  console.log(JSON.stringify([user, coded.state, posts.map((post) => post.type), posts[0].tags, posts[2].caption, avatar.endsWith('avatar_frank_64.png')]));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});

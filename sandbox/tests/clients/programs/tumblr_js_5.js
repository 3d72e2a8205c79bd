// tumblr.js 5 over its whole API, and the examples of its README, against the sandbox over TLS.
// Prints one JSON object: what each call found. Environment: SANDBOX_URL, KEYS (JSON), PICTURE, PROGRAM.
const fs = require('node:fs');
const tumblr = require(process.env.PROGRAM);

const client = new tumblr.Client({ ...JSON.parse(process.env.KEYS), baseUrl: process.env.SANDBOX_URL });
const found = {};

async function refusal(promise) {
  try {
    await promise;
    return null;
  } catch (error) {
    return error.message;
  }
}

async function main() {
  found.user = (await client.userInfo()).user.name;
  found.blog = (await client.blogInfo('frank')).blog.name;
  found.avatar = (await client.blogAvatar('frank', 128)).avatar_url;

  const content = [{ type: 'text', text: 'Hello from node: é 域 & + %' }];
  const made = await client.createPost('frank', { content, tags: ['from node', 'c'] });
  found.created = typeof made.id;
  found.edited = (await client.editPost('frank', made.id, { content: [...content, { type: 'text', text: 'more' }] })).id === made.id;
  const listed = await client.blogPosts('frank', { id: made.id, npf: true });
  found.texts = listed.posts[0].content.map((block) => block.text);
  found.tags = listed.posts[0].tags;

  const withPicture = await client.createPost('frank', {
    content: [{ type: 'image', media: fs.createReadStream(process.env.PICTURE), alt_text: 'a picture' }],
  });
  const shown = (await client.blogPosts('frank', { id: withPicture.id, npf: true })).posts[0];
  found.picture = [shown.content[0].media[0].width, shown.content[0].alt_text];

  const text = await client.createLegacyPost('frank', { type: 'text', title: 'T', body: '<p>b</p>' });
  await client.editLegacyPost('frank', { id: text.id_string, type: 'text', title: 'U' });
  found.title = (await client.blogPosts('frank', { id: text.id_string })).posts[0].title;
  const photo = await client.createLegacyPost('frank', {
    type: 'photo',
    caption: 'c & d',
    data: [fs.createReadStream(process.env.PICTURE), fs.createReadStream(process.env.PICTURE)],
  });
  found.photos = (await client.blogPosts('frank', { id: photo.id_string })).posts[0].photos.length;

  const other = (await client.blogPosts('quietmarsh', { limit: 1 })).posts[0];
  const again = await client.reblogPost('frank', { id: other.id_string, reblog_key: other.reblog_key, comment: 'nice' });
  found.reblogged = (await client.blogPosts('frank', { id: again.id_string, reblog_info: true })).posts[0].reblogged_from_name;
  await client.likePost(other.id_string, other.reblog_key);
  found.liked = (await client.userLikes()).liked_count;
  await client.unlikePost(other.id_string, other.reblog_key);
  found.unliked = (await client.userLikes()).liked_count;
  found.blogLikes = (await client.blogLikes('frank')).liked_count;

  await client.followBlog({ url: 'tinplate-owl.tumblr.com' });
  const followed = (await client.userFollowing()).blogs.map((blog) => blog.name);
  found.followed = followed.includes('tinplate-owl');
  await client.unfollowBlog({ url: 'https://tinplate-owl.tumblr.com/' });
  found.unfollowed = !(await client.userFollowing()).blogs.some((blog) => blog.name === 'tinplate-owl');

  await client.createLegacyPost('frank', { body: 'a draft', state: 'draft' });
  await client.createLegacyPost('frank', { body: 'soon', state: 'queue' });
  found.drafts = (await client.blogDrafts('frank')).posts.length;
  found.queue = (await client.blogQueue('frank')).posts.length;
  found.submissions = Array.isArray((await client.blogSubmissions('frank')).posts);
  found.followers = typeof (await client.blogFollowers('frank')).total_users;
  found.dashboard = (await client.userDashboard({ limit: 2 })).posts.length;
  found.tagged = (await client.taggedPosts('from node')).length;
  found.several = (await client.blogPosts('frank', { tag: ['from node', 'c'] })).posts.length;

  await client.deletePost('frank', made.id);
  found.gone = await refusal(client.blogPosts('frank', { id: made.id }));
  found.foreign = await refusal(client.blogDrafts('quietmarsh'));
  const wrong = new tumblr.Client({ ...JSON.parse(process.env.KEYS), token_secret: 'x', baseUrl: process.env.SANDBOX_URL });
  found.wrong = await refusal(wrong.userInfo());
  const keyOnly = new tumblr.Client({ consumer_key: JSON.parse(process.env.KEYS).consumer_key, baseUrl: process.env.SANDBOX_URL });
  found.keyOnly = (await keyOnly.blogInfo('frank')).blog.name;

  // The README's example, with a callback.
  await new Promise((resolve, reject) => {
    client.userInfo((error, data) => {
      if (error) return reject(error);
      found.blogs = data.user.blogs.map((blog) => blog.name);
      return resolve();
    });
  });
  console.log(JSON.stringify(found));
}

main().catch((error) => {
  console.error(error.stack, error.body ? JSON.stringify(error.body) : '');
  process.exit(1);
});

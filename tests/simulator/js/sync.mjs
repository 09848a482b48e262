// Reads a stack with the vendor's own SDK and prints what it got as JSON.
// Arguments: port, api_key, delivery_token, environment, and a sync_token for a subsequent sync.
import contentstack from "@contentstack/delivery-sdk";

const [port, apiKey, deliveryToken, environment, syncToken] = process.argv.slice(2);
const stack = contentstack.stack({
  apiKey,
  deliveryToken,
  environment,
  host: "127.0.0.1",
  port: Number(port),
  insecure: true, // plain HTTP
});

const pages = [];
// The SDK adds init=true unless the token comes under its own camel-case name.
let page = await stack.sync(syncToken ? { syncToken } : {});
pages.push(page);
while (page.pagination_token) {
  page = await stack.sync({ paginationToken: page.pagination_token });
  pages.push(page);
}
console.log(JSON.stringify(pages));

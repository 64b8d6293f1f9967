// Sends the site's host to the edge under test: no name server knows it.
const dns = require('node:dns')

const lookup = dns.lookup
dns.lookup = (host, options, callback) => {
  const tell = typeof options === 'function' ? options : callback
  if (host !== process.env.EDGE_HOST) {
    return lookup(host, options, callback)
  }
  const found = { address: process.env.EDGE_ADDRESS, family: 4 }
  return options && options.all ? tell(null, [found]) : tell(null, found.address, found.family)
}

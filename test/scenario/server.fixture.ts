/** A command for a spec file: answers each request on port 80 with the container's hostname; ends at once when told to. */
export const SERVER = `["node", "-e", "require('http').createServer((q,r)=>{r.setHeader('connection','close');r.end(require('os').hostname())}).listen(80);process.on('SIGTERM',()=>process.exit(0))"]`;

'use strict';
// The token stays in this tab: sessionStorage, sent to the API of the same origin only.
const at = id => document.getElementById(id);
const EVERY_MS = 2000;
let token = sessionStorage.getItem('token');
let holder = {};
let timer;

// What the token may, as the API's document says of each operation: the page asks for nothing else.
const runs = () => holder.role === 'operator';
const looks = () => holder.role !== 'purge-only';
const purges = () => holder.role !== 'viewer';
const whole = () => !holder.sites;

async function call(path, options = {}) {
  const response = await fetch(path, {
    ...options,
    headers: { Authorization: 'Bearer ' + token, 'Content-Type': 'application/json' },
  });
  const body = response.status === 204 ? {} : await response.json();
  if (!response.ok) {
    const error = new Error(body.detail || 'Refused.');
    error.status = response.status;
    throw error;
  }
  return body;
}

// A list whole: its pages one after the other.
async function list(path) {
  const whole = await call(path);
  for (let next = whole.next; next;) {
    const page = await call(path + '?after=' + encodeURIComponent(next));
    whole.items.push(...page.items);
    next = page.next;
  }
  return whole;
}

function cell(text, name = '') {
  const td = document.createElement('td');
  td.textContent = text;
  td.className = name;
  return td;
}

function rows(id, items, cells, none) {
  const body = at(id);
  const columns = body.parentElement.tHead.rows[0].cells.length;
  body.replaceChildren(...items.map(item => {
    const tr = document.createElement('tr');
    tr.append(...cells(item));
    return tr;
  }));
  if (items.length === 0) {
    const td = cell(none, 'none');
    td.colSpan = columns;
    const tr = document.createElement('tr');
    tr.append(td);
    body.append(tr);
  }
}

function state(node) {
  if (!node.enrolled) return ['not enrolled', 'bad'];
  if (!node.connected) return ['not connected', 'bad'];
  if (!node.healthy) return ['unhealthy: ' + node.healthDetail, 'bad'];
  return node.draining ? ['draining', ''] : ['serving', 'good'];
}

function what(purge) {
  const scope = purge.url ? 'URL ' + purge.url : purge.prefix ? 'prefix ' + purge.prefix
    : purge.tag ? 'tag ' + purge.tag : purge.host ? 'host ' + purge.host : 'everything';
  return (purge.soft ? 'soft: ' : '') + scope;
}

function sites(items) {
  rows('sites', items, s => [cell(s.id), cell(s.hosts.join(' ')), cell(s.origins.join(' ')),
    cell(s.regions.join(' ') || 'all')], 'No site is registered: perigee site add');
  const select = at('purge-site');
  const ids = items.map(s => s.id);
  if (ids.join() !== [...select.options].map(o => o.value).join()) {
    select.replaceChildren(...ids.map(id => new Option(id, id)));
  }
}

function network(status, nodes) {
  at('summary').textContent = `${status.serving} of ${status.nodes} nodes serving · `
    + `revision ${status.revision} on ${status.upToDate} · ${status.sites} sites`;
  rows('nodes', nodes.items, n => [cell(n.name), cell(n.region), cell(...state(n)),
    cell(n.requestsPerSecond.toFixed(1), 'n'), cell(n.revision, 'n'), cell(n.purge, 'n')],
    'No node is provisioned: perigee node add');
}

async function refresh() {
  // Whoever signs out meanwhile, or in as somebody else, is shown nothing of this.
  const mine = token;
  try {
    const self = await call('/v1/self');
    if (token !== mine) return;
    holder = self;
    const ask = (may, name) => may ? call('/v1/' + name) : undefined;
    const every = (may, name) => may ? list('/v1/' + name) : undefined;
    const [status, nodes, all, certificates, purged] = await Promise.all([
      ask(runs(), 'status'), every(runs(), 'nodes'), every(looks(), 'sites'),
      every(looks() && whole(), 'certificates'), ask(looks(), 'purges')]);
    if (token !== mine) return;
    if (status) network(status, nodes);
    else at('summary').textContent = `${holder.name}: ${holder.role} of ${holder.organisation}`;
    if (all) sites(all.items);
    if (certificates) rows('certificates', certificates.items, c => [cell(c.hosts.join(' ')),
      cell(c.notAfter.slice(0, 10)), cell(c.issuer)], 'No certificate: perigee cert add');
    if (purged) rows('purges', purged.items, p => [cell(p.number, 'n'), cell(p.site || 'all'),
      cell(what(p)), cell(p.issuedAt.slice(0, 19).replace('T', ' ')),
      p.complete ? cell('all nodes', 'good') : cell('late: ' + p.late.join(' '), 'bad')],
      'Nothing was purged yet.');
    show(true);
  } catch (error) {
    if (token !== mine) return;
    if (error.status === 401) {
      leave();
      at('enter-error').textContent = 'This token is not known.';
    } else {
      at('summary').textContent = 'The control plane does not answer.';
    }
  }
}

function show(signedIn) {
  at('enter').hidden = signedIn;
  at('network').hidden = !signedIn;
  at('leave').hidden = !signedIn;
  at('s-nodes').hidden = !runs();
  at('s-sites').hidden = !looks();
  at('s-certificates').hidden = !looks() || !whole();
  at('purge').hidden = !purges();
  at('purge-list').hidden = !looks();
  // Who may not list sites names them.
  at('purge-listed').hidden = !looks();
  at('purge-site').required = looks();
  at('purge-named').hidden = looks();
  at('purge-name').required = !looks();
}

function enter() {
  clearInterval(timer);
  refresh();
  timer = setInterval(refresh, EVERY_MS);
}

function leave() {
  clearInterval(timer);
  sessionStorage.removeItem('token');
  token = null;
  holder = {};
  at('summary').textContent = 'Not signed in.';
  show(false);
}

at('enter').addEventListener('submit', event => {
  event.preventDefault();
  token = at('token').value.trim();
  sessionStorage.setItem('token', token);
  at('enter-error').textContent = '';
  at('token').value = '';
  enter();
});
// A token that came of signing in is revoked; others stay good.
at('leave').addEventListener('click', () => {
  fetch('/sign-in/leave', { method: 'POST', headers: { Authorization: 'Bearer ' + token } })
    .catch(() => {});
  leave();
});
at('purge-kind').addEventListener('change', () => {
  const everything = at('purge-kind').value === 'everything';
  at('purge-value').disabled = everything;
  at('purge-value').required = !everything;
});
at('purge').addEventListener('submit', async event => {
  event.preventDefault();
  const kind = at('purge-kind').value;
  const site = looks() ? at('purge-site').value : at('purge-name').value.trim();
  const order = { site, soft: at('purge-soft').checked };
  order[kind] = kind === 'everything' ? true : at('purge-value').value.trim();
  try {
    await call('/v1/purges', { method: 'POST', body: JSON.stringify(order) });
    at('purge-error').textContent = '';
    at('purge-value').value = '';
    refresh();
  } catch (error) {
    at('purge-error').textContent = error.message;
  }
});
async function offer() {
  const found = await (await fetch('/sign-in/offer')).json();
  at('provider').hidden = !found.offered;
  at('provider-name').textContent = found.name || '';
}
offer().catch(() => {});
if (token) enter();

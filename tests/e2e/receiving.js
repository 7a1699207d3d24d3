'use strict';
// Payments without provider, as tests receive them through the pages; and what the books say of them.

const day = (more) => new Date(Date.now() + more * 86400000).toISOString().slice(0, 10);
// The words of a page, the request's number apart: what is missing and what is another's say the same.
const words = (answer) => answer.text.replace(/[0-9a-f]{16}/g, '');

// What a browser would send of a form: no box that is not ticked.
function fieldsOf(form, values) {
  const fields = { ...form.fields, ...values };
  for (const box of ['dette', 'recu', 'cheque', 'frais_a_charge', 'annule'])
    if (!(box in values))
      delete fields[box];
  return fields;
}

function receivingIn(house) {
  const meansOf = (association, code) => house.one(`SELECT CAST(id AS TEXT) AS id FROM provider_account
    WHERE association_id = ${association} AND external_id = '${code}'`).id;
  return {
    meansOf,
    someone: (more = {}) => house.member({ login: null, charges: [['40', 'Cotisation', { date: '2026-09-10' }],
      ['15', 'Sortie', { account: '706', date: '2026-10-01' }]], ...more }),
    // A form of a means for a member, with what is typed.
    async receive(client, member, code, values) {
      const place = `/adherents/${member.id}/encaisser`;
      const form = await client.form(`${place}?moyen=${meansOf(member.association, code)}`, place);
      return client.post(place, fieldsOf(form, values));
    },
    // What is paid of a line.
    paid: (member, label) => house.one(`SELECT coalesce(sum(a.amount_cents), 0) AS cents FROM cart_line l
      LEFT JOIN allocation a ON a.association_id = l.association_id AND a.charge_line_id = l.id
      WHERE l.member_id = ${member.id} AND l.label = '${label}'`).cents,
    account: (association, code) => house.one(`SELECT coalesce(sum(debit_cents - credit_cents), 0) AS cents
      FROM entry_line WHERE association_id = ${association} AND account_code = '${code}'`).cents,
    proven: () => house.ok(['verify']),
  };
}

module.exports = { receivingIn, fieldsOf, day, words };

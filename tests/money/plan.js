'use strict';
// What members do and what befalls their payments, drawn from a seed: the same seed, the same plan.

// Small, good enough for a plan, the same everywhere (mulberry32).
function makeDice(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  const dice = {
    integer: (low, high) => low + Math.floor(next() * (high - low + 1)),
    chance: (percent) => next() * 100 < percent,
    // One of { name: weight }.
    one: (weights) => {
      const names = Object.keys(weights);
      let left = next() * names.reduce((total, name) => total + weights[name], 0);
      return names.find((name) => (left -= weights[name]) < 0) ?? names.at(-1);
    },
    shuffle: (list) => {
      for (let i = list.length - 1; i > 0; i--) {
        const j = dice.integer(0, i);
        [list[i], list[j]] = [list[j], list[i]];
      }
      return list;
    },
  };
  return dice;
}

const AMOUNTS = { balance: 25, part: 25, odd: 30, advance: 20 };
const STYLES = { comma: 4, dot: 3, spaced: 2, euro: 1 };

// How the payer pays, and what becomes of the notifications.
const STRIPE = {
  pays: { pay: 70, three_d_secure: 10, refused_first: 6, sepa: 14 },
  fates: { normal: 22, twice: 16, late: 16, out_of_order: 14, never: 20, bad_signature: 6, before: 6 },
};
const PAYPAL = {
  pays: { completed: 64, guest: 10, echeck: 10, amount_changed: 13, other_receiver: 3 },
  fates: { normal: 22, twice: 16, late: 16, resend: 10, pending_first: 10, never: 14,
    wrong_charset: 6, before: 6 },
};
// How Guichet may learn of a payment at Stripe whose every notification was lost.
const FINDERS = { return_page: 35, next_press: 30, sweep: 35 };

function drawPayment(dice, payers) {
  const provider = dice.chance(50) ? 'stripe' : 'paypal';
  const { pays, fates } = provider === 'stripe' ? STRIPE : PAYPAL;
  return {
    provider,
    payer: dice.integer(0, payers - 1),
    amount: dice.one(AMOUNTS),
    share: dice.integer(5, 95),
    cents: dice.integer(101, 31999),
    style: dice.one(STYLES),
    pays: dice.one(pays),
    fate: dice.one(fates),
    finder: dice.one(FINDERS),
    late_s: dice.integer(1, 6),
    paid_cents: dice.integer(101, 9999),
    returns: dice.chance(50),
    twice_pressed: dice.chance(15),
    repeated: dice.chance(25),
    embedded: dice.chance(50), // with JavaScript: the card is asked in the personal space
  };
}

// Attempts without money between them.
const IDLE = { stripe: { declined: 1, sepa_failed: 1, nothing: 1 },
  paypal: { declined: 1, cancel: 1, nothing: 1 } };

function drawIdle(dice, payers) {
  const step = { ...drawPayment(dice, payers), idle: true, twice_pressed: false };
  return { ...step, pays: dice.one(IDLE[step.provider]), fate: 'normal' };
}

// `count` payments that move money and some attempts that do not, in one order for each payer.
function drawPlan(seed, { count, idle, payers }) {
  const dice = makeDice(seed);
  const steps = [];
  for (let i = 0; i < count; i++) steps.push(drawPayment(dice, payers));
  for (let i = 0; i < idle; i++) steps.push(drawIdle(dice, payers));
  return { dice, steps: dice.shuffle(steps) };
}

// As somebody types it.
function typedAmount(cents, style) {
  const euros = String(Math.floor(cents / 100));
  const rest = String(cents % 100).padStart(2, '0');
  const grouped = euros.replace(/(\d)(?=(\d{3})+$)/g, '$1\u202f');
  return { comma: `${euros},${rest}`, dot: `${euros}.${rest}`, spaced: `${grouped},${rest}`,
    euro: `${grouped},${rest} €` }[style];
}

module.exports = { makeDice, drawPlan, typedAmount };

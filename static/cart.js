/*
 * The cart: the amount follows the ticked charges, and what is added for the fees follows the
 * amount. Without this script a button of the form asks the server to add up, and the sentence
 * keeps the sum it was made with; with it the button is not needed.
 */
(function () {
  "use strict";

  var form = document.getElementById("payer");
  var amount = document.getElementById("montant");
  var ticks = form ? form.querySelectorAll("[data-cents]") : [];
  var again = document.getElementById("recalculer");
  var cover = document.getElementById("participation");
  var coverSum = document.getElementById("participation-somme");

  function written(cents, digits) {
    var text = String(cents);

    if (!digits) {
      return text;
    }
    while (text.length <= digits) {
      text = "0" + text;
    }
    return text.slice(0, -digits) + "," + text.slice(-digits);
  }

  /* The typed amount in cents; -1 when it is not (yet) one. */
  function typed(digits) {
    var parts = amount.value.replace(/[\s€]/g, "").split(/[.,]/);
    var rest = parts.length > 1 ? parts[1] : "";

    if (parts.length > 2 || !/^\d{1,9}$/.test(parts[0]) || !/^\d*$/.test(rest) || rest.length > digits) {
      return -1;
    }
    while (rest.length < digits) {
      rest += "0";
    }
    return Number(parts[0] + rest);
  }

  function followCover() {
    var digits = Number(cover.dataset.digits), cents = typed(digits);
    var sum = Math.floor((cents * Number(cover.dataset.rate) + 9999) / 10000);

    if (cents > 0) {
      cover.value = String(sum);
      coverSum.textContent = written(sum, digits) + coverSum.textContent.replace(/^[\d\s,]*\d/, "");
    }
  }

  function follow() {
    var sum = 0, ticked = 0;

    Array.prototype.forEach.call(ticks, function (tick) {
      if (tick.checked) {
        sum += Number(tick.dataset.cents);
        ticked += 1;
      }
    });
    if (ticked === ticks.length) {
      sum = Number(form.dataset.all);
    }
    amount.value = sum > 0 ? written(sum, Number(form.dataset.digits)) : "";
    if (cover) {
      followCover();
    }
  }

  if (!amount) {
    return;
  }
  if (cover) {
    amount.addEventListener("input", followCover);
  }
  if (!ticks.length) {
    return;
  }
  if (again) {
    again.hidden = true;
    again.disabled = true; /* else the key Enter would press it */
  }
  Array.prototype.forEach.call(ticks, function (tick) {
    tick.addEventListener("change", follow);
  });
}());

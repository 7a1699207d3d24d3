<?php
// The plain PHP page beside the cart: the same check of session and association, the same reads
// from the same database (prepared statements, a connection that stays), thirty rows escaped, the
// same bytes around them. The statements and the frame are written by rows.js from Guichet's own.
$frame = require getenv('BENCH_FRAME') ?: __DIR__ . '/frame.php';
$text = fn ($value) => htmlspecialchars((string) $value, ENT_QUOTES | ENT_SUBSTITUTE, 'UTF-8');
$euros = fn (int $cents) => number_format($cents / 100, 2, ',', "\u{202f}") . "\u{a0}€";
$database = new PDO('sqlite:' . $frame['database'], null, null, [PDO::ATTR_PERSISTENT => true,
    PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION, PDO::ATTR_STRINGIFY_FETCHES => false]);
$database->exec('PRAGMA query_only = ON');
$read = function (string $name, array $values) use ($database, $frame): array {
    $statement = $database->prepare($frame['statements'][$name]);
    foreach ($values as $index => $value)
        $statement->bindValue(':v' . ($index + 1), $value, is_int($value) ? PDO::PARAM_INT : PDO::PARAM_LOB);
    $statement->execute();
    return $statement->fetchAll(PDO::FETCH_NUM);
};

$database->beginTransaction();
$session = $read('session_find', [hash('sha256', $_COOKIE['__Host-sid'] ?? '', true)])[0] ?? null;
if (!$session || $session[10] !== 1 || $session[9] !== null || time() - $session[8] > 1800) {
    http_response_code(303);
    header('Location: /connexion');
    exit;
}
[$associationId, $memberId] = [$session[3], $session[5]];
$association = $read('association_find', [$associationId])[0];
$years = array_column($read('cart_years', [$associationId]), 1, 0);
$member = $read('cart_members', [$associationId, $memberId])[0];
$lines = $read('cart_lines', [$associationId, $memberId]);
$paid = [];
foreach ($read('cart_allocated', [$associationId, $memberId]) as [$charge, $cents])
    $paid[$charge] = ($paid[$charge] ?? 0) + $cents;
$attempts = $read('intent_in_progress', [$associationId, $memberId]);
$accounts = $read('provider_account_list_linked', [$associationId]);
$database->commit();

header('Content-Type: text/html; charset=utf-8');
header('Cache-Control: no-store');
ob_start();
echo $frame['before'];
$balance = $open = 0;
foreach ($lines as [$id, $kind, $cents, $label, $day, $year]) {
    $balance += $cents;
    $left = $kind === 'charge' ? $cents - ($paid[$id] ?? 0) : 0;
    $open += $left;
    echo '<tr><td>', $text($day), '</td><th scope="row">', $text($label), '</th><td>', $text($years[$year]), '</td><td class="number">', $euros($cents),
        '</td><td class="number">', $euros($balance), '</td><td>', $kind === 'charge' && $left === 0 ? 'payé' : '', '</td></tr>', "\n";
}
echo '<h1>', $text($association[1]), ' ', $text($member[2]), ' ', $euros($balance), ' ', $euros($open), ' ', count($attempts), count($accounts), '</h1>';
$page = ob_get_clean();
echo $page, str_repeat(' ', max(0, $frame['bytes'] - strlen($page)));

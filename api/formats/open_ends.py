"""How people write that something goes on until now, in the languages of `cldr.names`."""

from domain.terms import search_key

_SAID = """
present; the present; to present; till present; until present; present day; current; currently
now; till now; until now; to now; today; to date; till date; till today; until today; ongoing
on-going; in progress; still; still employed; continuing; date; current position; current role
currently employed
heute; bis heute; jetzt; bis jetzt; aktuell; gegenwart; gegenwärtig; laufend; derzeit; momentan
zurzeit; zur Zeit; andauernd; dato; bis dato; bis auf weiteres; unbefristet; noch immer
fortlaufend
actuel; actuelle; actuellement; aujourd'hui; à ce jour; ce jour; maintenant; en cours; à présent
présent; jusqu'à présent; jusqu'à aujourd'hui; jusqu'à maintenant; poste actuel; en poste
actual; actualidad; la actualidad; en la actualidad; hasta la actualidad; actualmente; presente
al presente; hoy; hasta hoy; ahora; hasta ahora; en curso; a la fecha; hasta la fecha; vigente
actualitat; avui; ara
atual; atualmente; até o momento; o momento; momento; até hoje; hoje; agora; até agora
em andamento; até à data; até o presente; presente data; em curso; o presente; corrente
oggi; ad oggi; fino ad oggi; attuale; attualmente; in corso; adesso; ora; tuttora; al momento
attualità
heden; tot heden; nu; tot nu; huidig; huidige; vandaag; tot vandaag; actueel; lopend; tot op heden
obecnie; do chwili obecnej; teraz; do teraz; nadal; dziś; do dziś; dzisiaj; aktualnie; w trakcie
obecny
dosud; doteď; nyní; současnost; do současnosti; po současnost; dnes; do dnes; dodnes; aktuálně
trvá
súčasnosť; po súčasnosť; do súčasnosti; doteraz; trvá doteraz; aktuálne
idag; i dag; nuvarande; pågående; tills nu; till nu; tills vidare; nutid; till dags dato
nuværende; nåværende; nå; til nå; til nu; dags dato; til dags dato; nåtid; pågår; igangværende
nykyinen; nyt; nykyään; nykyhetki; tähän päivään; jatkuu; toistaiseksi
jelenleg; jelenleg is; jelen; most; napjainkig; folyamatban; mai napig; a mai napig
prezent; în prezent; până în prezent; acum; azi; astăzi; curent; actualul
halen; hâlâ; günümüz; günümüze; devam ediyor; devam; şimdi; bugün; şu an; şu anda; halihazırda
σήμερα; έως σήμερα; μέχρι σήμερα; παρόν; τώρα; μέχρι τώρα
настоящее время; по настоящее время; в настоящее время; сейчас; сегодня; по сей день; н.в; н.в.
по н.в; наст. время; текущее время; до сих пор; по сегодняшний день; по текущий момент
продолжается
теперішній час; по теперішній час; дотепер; зараз; сьогодні; донині; нині; по сьогодні
досега; сега; настояще; до момента; днес; до днес; данас; до данас; сада; тренутно; до сада
danas; do danas; sada; do sada; trenutno; sadašnjost; danes; do danes; zdaj; do zdaj; sedaj
dabar; šiuo metu; iki dabar; iki šiol; tagad; līdz šim; patlaban; praegu; tänaseni; kuni tänaseni
الآن; حتى الآن; إلى الآن; حاليا; حالياً; الحالي; الحاضر; حتى الحاضر; الوقت الحاضر
היום; כיום; הווה; עד היום; עכשיו; עד עכשיו; עד כה; נוכחי
اکنون; تا کنون; تاکنون; هم اکنون; حال حاضر; تا به حال; ادامه دارد; اب تک; موجودہ
वर्तमान; अब तक; अभी; अभी तक; आज; आज तक; বর্তমান; এখন; আজ পর্যন্ত
現在; 現職; 今; 在職中; 至現在; 現在に至る; 継続中; 現在まで; 現在在職中
至今; 现在; 目前; 迄今; 现今; 在职; 今天; 至目前; 到现在
현재; 현재까지; 재직중; 재직 중; 지금; 오늘; 진행중; 진행 중
hiện tại; nay; hiện nay; đến nay; bây giờ; đến hiện tại; sekarang; saat ini; hingga kini; kini
sampai sekarang; hingga sekarang; kasalukuyan; hanggang ngayon; ngayon; sasa; hadi sasa
ปัจจุบัน; ถึงปัจจุบัน; จนถึงปัจจุบัน; ขณะนี้
"""

OPEN_ENDS = frozenset(
    search_key(said).strip(" .") for line in _SAID.split("\n") for said in line.split(";")
)

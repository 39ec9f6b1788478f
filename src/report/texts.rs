//! All words of a report, in all languages: a text that lacks one does not compile.

use super::language::Language;

/// Words in every language. `{name}` is a place to be filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text {
    en: &'static str,
    fr: &'static str,
}

impl Text {
    /// The words in one language.
    pub fn say(self, language: Language) -> &'static str {
        match language {
            Language::En => self.en,
            Language::Fr => self.fr,
        }
    }

    /// The words with their places filled.
    pub fn fill(self, language: Language, places: &[(&str, &str)]) -> String {
        let mut text = self.say(language).to_owned();
        for (name, value) in places {
            text = text.replace(&format!("{{{name}}}"), value);
        }
        text
    }
}

/// Names each text and lists them all, for the tests.
macro_rules! catalogue {
    ($($name:ident = $en:literal, $fr:literal;)*) => {
        $(#[doc = concat!("“", $en, "”")] pub const $name: Text = Text { en: $en, fr: $fr };)*
        #[cfg(test)]
        const ALL: &[Text] = &[$($name),*];
    };
}

catalogue! {
    TITLE = "Statistics from {from} to {to} ({zone})", "Statistiques du {from} au {to} ({zone})";

    // pages and mails
    STATISTICS = "Statistics", "Statistiques";
    FROM_TO = "from {from} to {to}", "du {from} au {to}";
    MADE_AT = "Made on {at}, times are those of {zone}.", "Établi le {at}, heures de {zone}.";
    NONE_SHOWN = "No entry is shown.", "Aucune ligne n'est affichée.";
    CONTENTS = "Sections", "Rubriques";
    PART_OF_ALL = "{shown} of {all} are drawn; the table has all.", "{shown} sur {all} figurent ici ; le tableau les a tous.";

    // overview
    OVERVIEW = "Overview", "Vue d'ensemble";
    HOURS_OF_USE = "Hours of use", "Heures d'utilisation";
    USES = "Uses of machines", "Utilisations de postes";
    PEOPLE = "Different people", "Usagers différents";
    UNVERIFIED = "Uses to be verified", "Utilisations à vérifier";
    WORKSHOPS = "Workshops", "Ateliers";
    PRESENCES = "Presences in workshops", "Présences aux ateliers";
    PEOPLE_OVERDRAWN = "People with a balance below zero", "Usagers au solde négatif";
    ROWS_WAITING = "Rows waiting in users_temp", "Lignes en attente dans users_temp";
    ROWS_UNMATCHED = "  of which match nothing", "  dont sans correspondance";
    SNAPSHOTS = "Last snapshot with somebody connected", "Dernier relevé non vide";
    NO_SNAPSHOT = "No snapshot of connected people has come in.", "Aucun relevé de connexions n'est arrivé.";
    SERVER = "Samba server", "Serveur Samba";
    SEEN_AT = "Time", "Heure";
    MINUTES_AGO = "Minutes ago", "Il y a (min)";
    MYSQL = "MySQL", "MySQL";
    TABLES = "Version of the tables", "Version des tables";
    REDIS = "Redis", "Redis";
    OUT_OF_REACH = "out of reach", "injoignable";

    // sessions
    SESSIONS = "Sessions", "Sessions";
    SESSIONS_EMPTY = "No statistics of sessions in this period.", "Aucune statistique de sessions dans cette période.";
    COUNTING_STOPPED = "Nothing has been counted for more than an hour. Check that cron runs session-aggregate.", "Rien n'a été compté depuis plus d'une heure. Vérifiez que cron lance session-aggregate.";
    SESSIONS_OPENED = "Sessions opened", "Sessions ouvertes";
    MOST_AT_ONCE = "Most sessions at once", "Sessions simultanées, maximum";
    MOST_AT = "  first in the quarter hour from", "  d'abord dans le quart d'heure de";
    MEAN_AT_ONCE = "Mean number at once", "Sessions simultanées, moyenne";
    HOURS_AT_LIMIT = "Hours at the limit", "Heures à la limite";
    SECONDS_AT_LIMIT = "Seconds at the limit", "Secondes à la limite";
    LAST_AT_LIMIT = "Last at the limit until", "Dernière fois à la limite jusqu'à";
    COUNTED_UNTIL = "Sessions counted until", "Sessions comptées jusqu'à";
    WITHOUT_FIGURES = "Quarter hours without figures", "Quarts d'heure sans chiffres";
    ENDS = "How sessions ended", "Fins de session";
    NO_ENDS = "No session ended in this period.", "Aucune session ne s'est terminée dans cette période.";
    REASON = "Reason", "Motif";
    LOGGED_OUT = "logged out", "déconnexion";
    EXPIRED = "expired", "expiration";
    IDLE = "idle", "inactivité";
    IDLE_FIRST = "idle since its first page", "inactivité dès la première page";
    NO_ROOM = "limit reached", "limite atteinte";
    LOGGED_IN = "visitor logged in", "connexion d'un visiteur";
    OTHER_REASONS = "other reasons", "autres motifs";
    BY_DAY = "Sessions at once by day", "Sessions simultanées par jour";
    BY_HOUR = "Sessions at once by hour", "Sessions simultanées par heure";
    HOUR = "Hour", "Heure";
    OPENED = "Opened", "Ouvertes";
    LIMIT_HOURS = "At limit (h)", "Limite (h)";
    LIMIT_SECONDS = "At limit (s)", "Limite (s)";
    FEWEST = "Min", "Min";
    MEAN = "Mean", "Moyenne";
    MOST = "Max", "Max";
    LIMIT = "Limit", "Plafond";
    SESSIONS_BY_MONTH = "Sessions at once by month", "Sessions simultanées par mois";
    BY_WEEKDAY = "Mean number at once by weekday and hour", "Sessions simultanées en moyenne, par jour et heure";
    MONDAY = "Mon", "Lun";
    TUESDAY = "Tue", "Mar";
    WEDNESDAY = "Wed", "Mer";
    THURSDAY = "Thu", "Jeu";
    FRIDAY = "Fri", "Ven";
    SATURDAY = "Sat", "Sam";
    SUNDAY = "Sun", "Dim";

    // logins
    LOGINS = "Logins", "Connexions";
    LOGINS_EMPTY = "No login in this period.", "Aucune connexion dans cette période.";
    USERS = "Different users", "Utilisateurs différents";
    USER = "User", "Utilisateur";
    REFUSED_TRIES = "Refused tries", "Tentatives refusées";
    WITHOUT_USER = "Counted without their user", "Comptées sans leur utilisateur";
    LAST_LOGINS = "Last logins", "Dernières connexions";
    NO_LAST_LOGIN = "No last login lies in this period.", "Aucune dernière connexion dans cette période.";
    MOST_LOGINS = "Users with the most logins", "Utilisateurs les plus assidus";
    NO_LOGIN = "Nobody logged in.", "Personne ne s'est connecté.";
    MOST_REFUSED = "Users who were refused most often", "Utilisateurs les plus souvent refusés";
    NOBODY_REFUSED = "Nobody was refused.", "Personne n'a été refusé.";
    RULE = "Rule", "Règle";
    REFUSED = "Refused", "Refus";
    LOGINS_BY_DAY = "Logins by day (UTC)", "Connexions par jour (UTC)";
    LOGINS_BY_MONTH = "Logins by month (days of UTC)", "Connexions par mois (jours UTC)";
    DAY = "Day", "Jour";

    // services
    SERVICES = "Services", "Services";
    CALLS_OF_SERVICES = "Calls of services", "Appels de services";
    NO_CALL = "No service was called in this period.", "Aucun service n'a été appelé dans cette période.";
    NEVER_CALLED = "Users who called none", "Utilisateurs sans aucun appel";
    MOST_USED = "Service called most", "Service le plus appelé";
    CALLS_BY_SERVICE = "Calls by service", "Appels par service";
    SERVICE = "Service", "Service";
    CALLS = "Calls", "Appels";
    LEAST_CALLS = "Users with the fewest calls", "Utilisateurs ayant le moins d'appels";
    NO_USERS = "No user is known.", "Aucun utilisateur n'est connu.";
    MOST_CALLS = "Users with the most calls of a service", "Utilisateurs ayant le plus d'appels d'un service";

    // runs
    RUNS = "Runs of the commands", "Exécutions des commandes";
    LAST_RUNS = "Last run of each command", "Dernière exécution de chaque commande";
    NO_RUN = "No run is recorded yet.", "Aucune exécution n'est encore enregistrée.";
    COMMAND = "Command", "Commande";
    HOST = "Host", "Hôte";
    BEGAN = "Begin", "Début";
    MILLISECONDS = "ms", "ms";
    STATUS = "Status", "Code";
    LAST_SUCCESS = "Success", "Réussite";
    FAILURES = "Failed", "Échecs";

    // epn
    EPN = "Public space", "Espace public numérique";
    EPN_EMPTY = "Nothing is recorded yet.", "Rien n'est encore enregistré.";
    VISITS = "Visits", "Visites";
    ALL_VISITORS = "Different visitors", "Visiteurs différents";
    VISITORS = "Visitors", "Visiteurs";
    VISITS_ARE = "A visit is one person on one day, on machines, in workshops or both. Visitors of several months or rooms count in each of them, but once in all.", "Une visite est une personne un jour donné, sur un poste, en atelier ou les deux. Qui vient plusieurs mois ou dans plusieurs salles compte dans chacun, mais une seule fois au total.";
    FEW_ARE_HIDDEN = "Classes of fewer than {number} visitors are hidden among the unknown ones.", "Les catégories de moins de {number} visiteurs sont fondues dans les inconnus.";
    BY_MONTH = "Use by month", "Fréquentation par mois";
    MONTH = "Month", "Mois";
    NO_VISITS = "Nobody came in this period.", "Personne n'est venu dans cette période.";
    HOURS_BY_ROOM = "Hours of use by room", "Heures d'utilisation par salle";
    BY_AGE = "Use by age", "Fréquentation par âge";
    AGE = "Age", "Âge";
    NO_AGES = "No visitor's year of birth is known.", "L'année de naissance d'aucun visiteur n'est connue.";
    AGE_UNDER_12 = "under 12", "moins de 12 ans";
    AGE_12 = "12 to 17", "12 à 17 ans";
    AGE_18 = "18 to 24", "18 à 24 ans";
    AGE_25 = "25 to 39", "25 à 39 ans";
    AGE_40 = "40 to 59", "40 à 59 ans";
    AGE_60 = "60 to 74", "60 à 74 ans";
    AGE_75 = "75 and more", "75 ans et plus";
    BY_SEX = "Use by sex", "Fréquentation par sexe";
    SEX = "Sex", "Sexe";
    NO_SEXES = "No visitor's sex is known.", "Le sexe d'aucun visiteur n'est connu.";
    FEMALE = "women and girls", "femmes et filles";
    MALE = "men and boys", "hommes et garçons";
    NEITHER = "neither", "autre";
    BY_TOWN = "Use by town", "Fréquentation par commune";
    TOWN = "Town", "Commune";
    NO_TOWNS = "No visitor's town is known.", "La commune d'aucun visiteur n'est connue.";
    OTHER_CLASSES = "(others)", "(autres)";
    CLASS_UNKNOWN = "(unknown)", "(inconnu)";
    HIDDEN = "hidden", "masqué";
    NO_ROOMS = "There is no room.", "Il n'y a pas de salle.";
    HOURS_BY_COMPUTER = "Hours of use by machine", "Heures d'utilisation par poste";
    NO_COMPUTERS = "There is no machine.", "Il n'y a pas de poste.";
    ROOM = "Room", "Salle";
    WITHOUT_ROOM = "(no room)", "(sans salle)";
    MACHINE = "Machine", "Poste";
    REMOVED_MACHINE = "(removed)", "(supprimé)";
    HOURS = "Hours", "Heures";
    NO_WORKSHOPS = "No workshop in this period.", "Aucun atelier dans cette période.";
    WORKSHOP = "Workshop", "Atelier";
    PERSONS = "People", "Personnes";
    BEGINS = "Begins", "Début";
    REGISTERED = "Registered", "Inscrits";
    PRESENT = "Present", "Présents";
    ABSENT = "Absent", "Absents";
    CAPACITY = "Places", "Places";
    ALL_REGISTERED = "  Registered people", "  Inscrits";
    ALL_PRESENT = "  of which present", "  dont présents";
    ALL_ABSENT = "  of which absent", "  dont absents";
    ALL_PLACES = "  Places", "  Places";
    FILLING = "  Present people for 100 places", "  Présents pour 100 places";
    SUSPECTS = "Suspect uses", "Utilisations suspectes";
    NO_SUSPECTS = "No use is suspect.", "Aucune utilisation n'est suspecte.";
    FROM = "From", "De";
    TO = "To", "À";
    WHY = "Why", "Motif";
    TOO_LONG = "too long", "trop longue";
    NOT_VERIFIED = "not verified", "non vérifiée";
    TOO_LONG_UNVERIFIED = "too long, not verified", "trop longue, non vérifiée";
    USES_TOO_LONG = "Uses of more than {length}: {count}.", "Utilisations de plus de {length} : {count}.";
    USES_UNVERIFIED = "Uses not verified within {days} days: {count}.", "Utilisations non vérifiées sous {days} jours : {count}.";
    MOST_HOURS = "People with the most hours", "Usagers ayant le plus d'heures";
    NO_PEOPLE = "Nobody used a machine in this period.", "Personne n'a utilisé de poste dans cette période.";
    LOGIN = "Login", "Identifiant";
    REMOVED_PERSON = "(removed)", "(supprimé)";
    OVERDRAWN = "Balances below zero", "Soldes négatifs";
    NOBODY_OVERDRAWN = "No balance is below zero.", "Aucun solde n'est négatif.";
    CREDIT_MINUTES = "Credit (minutes)", "Crédit (minutes)";
    CREDIT_WORKSHOPS = "Credit (workshops)", "Crédit (ateliers)";
    UNMATCHED = "Connections that match nothing", "Connexions sans correspondance";
    ALL_MATCHED = "All connections match a person and a machine.", "Toutes les connexions correspondent à un usager et à un poste.";
    ROWS = "Rows", "Lignes";
    FIRST_SEEN = "First seen", "Première";
    LAST_SEEN = "Last seen", "Dernière";
    UNKNOWN = "Unknown", "Inconnu";
    PERSON_UNKNOWN = "person", "usager";
    MACHINE_UNKNOWN = "machine", "poste";
    BOTH_UNKNOWN = "both", "les deux";
    PERSON_AMBIGUOUS = "person (ambiguous)", "usager (ambigu)";
    MACHINE_AMBIGUOUS = "machine (ambiguous)", "poste (ambigu)";
    BOTH_AMBIGUOUS = "both (ambiguous)", "les deux (ambigus)";
    PERSON_UNKNOWN_MACHINE_AMBIGUOUS = "person, machine (ambiguous)", "usager, poste (ambigu)";
    PERSON_AMBIGUOUS_MACHINE_UNKNOWN = "person (ambiguous), machine", "usager (ambigu), poste";

    // time
    TIME = "Time online", "Temps passé en ligne";
    TIME_EMPTY = "No session of time online begins in this period.", "Aucune session en ligne ne commence dans cette période.";
    HOURS_ONLINE = "Hours online", "Heures en ligne";
    TRUE_AT_LEAST = "  in truth at least", "  en réalité au moins";
    TRUE_AT_MOST = "  in truth at most", "  en réalité au plus";
    SETTINGS = "Settings: pause {threshold}, credit {credit}, heartbeat {period}, inactivity cap {cap}.", "Réglages : pause {threshold}, crédit {credit}, signal {period}, plafond {cap}.";
    NONE = "none", "aucun";
    SESSION_PER_COURSE = "Another course begins another session.", "Un autre cours ouvre une autre session.";
    SITE_EVENTS = "What is done outside of courses counts.", "Ce qui se fait hors des cours compte.";
    NO_HEARTBEAT = "No heartbeat has come in yet.", "Aucun signal de présence n'est encore arrivé.";
    SETTINGS_UNKNOWN = "Which settings made the figures is not known: there are no bounds.", "Les réglages qui ont produit ces chiffres sont inconnus, il n'y a donc pas de bornes.";
    LOGGED_IN_AGAIN = "logged in again", "nouvelle connexion";
    SILENT = "no more trace", "plus de trace";
    CAPPED = "inactive, page left open", "inactif, page ouverte";
    OTHER_COURSE = "other course", "autre cours";
    STILL_OPEN = "still open", "en cours";
    AT_LEAST = "At least", "Au moins";
    AT_MOST = "At most", "Au plus";
    MOST_TIME = "Users with the most time", "Utilisateurs ayant passé le plus de temps";
    NO_USER_SHOWN = "No user is shown.", "Aucun utilisateur n'est affiché.";
    COURSES_BY_TIME = "Courses by time", "Cours par temps passé";
    COURSE = "Course", "Cours";
    USERS_OF_COURSE = "Users", "Utilisateurs";
    BEFORE_COURSES = "(before any course)", "(avant tout cours)";
    NO_COURSE_SHOWN = "No course is shown.", "Aucun cours n'est affiché.";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::plain;

    fn places(text: &str) -> Vec<&str> {
        let mut places: Vec<_> =
            text.split('{').skip(1).map(|rest| rest.split('}').next().unwrap()).collect();
        places.sort_unstable();
        places
    }

    #[test]
    fn every_text_says_something_with_the_same_places_in_every_language() {
        for text in ALL {
            assert!(!text.en.trim().is_empty() && !text.fr.trim().is_empty(), "{text:?}");
            assert_eq!(places(text.en), places(text.fr), "{text:?}");
        }
    }

    #[test]
    fn every_text_can_be_said_in_ascii() {
        for text in ALL {
            for said in [text.en, text.fr, &text.fr.to_uppercase()] {
                assert!(plain(said).is_ascii(), "{said}");
            }
        }
    }

    #[test]
    fn places_are_filled() {
        let filled = TITLE.fill(Language::Fr, &[("from", "A"), ("to", "B"), ("zone", "Z")]);
        assert_eq!(filled, "Statistiques du A au B (Z)");
    }
}

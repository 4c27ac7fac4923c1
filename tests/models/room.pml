/*
 * The room on MongoDB as a Promela model: what src/relay/mongodb/{room_document,mongodb_relay,sweep}.ts do,
 * one atomic command of the server per step. `deno task model` has Spin check every state.
 *
 * HOSTS clients create the room, GUESTS others claim its guest seat. FAULTS times (any
 * number of times where it is ANY) a client crashes, the answer to an operation is lost and it is repeated, or the lease of a
 * living client lapses. LATE commands of the run are held back by the network and take effect at any later
 * time. HOSTILE times another user of the database changes the room at will.
 *
 * A token is the number of its client, or FRESH after a reopening (at most one in a run). An epoch has the
 * name of the host token that opened it. All envelopes of an epoch are one bit.
 *
 * Checked: the assertions, and that there is no invalid end state: no client waits for ever, and no
 * document stays for ever. Under a hostile writer the assertions do not hold, the rest does.
 *
 * BROKEN takes one precaution away; tests/models/room_test.ts expects each to be found out.
 */
#define LAST_BY_TWO 1      /* leaving does not look whether there is a last one already */
#define SEAL_IGNORED 2     /* a lapsed guest seat is given away in a sealed room */
#define NO_SWEEP 3         /* leaving does not look back */
#define REFUSED_HOLDER 4   /* a guest whose host has left is refused although it holds the seat */
#define LATE_CLAIM 5       /* a claim that arrives after its guest has left takes the seat */
#define BLIND_KNOCK 6      /* a refused guest does not look whether its knock has outlived the room */
#define LEASE_IGNORED 7    /* leaving counts a lapsed seat as held */

/* The world, from the environment of the verifier (see `init`), so that it is compiled once for all. */
byte HOSTS, GUESTS, FAULTS, LATE, HOSTILE, REOPENINGS, BROKEN;
#define ANY 99

#define may_fail (FAULTS == ANY || faults < FAULTS)
#define fail() faults = (FAULTS == ANY -> 0 : faults + 1)
#define CLIENTS (HOSTS + GUESTS)
#define FRESH 5
#define FORGED 6

#define require(condition) assert(HOSTILE > 0 || (condition))

#define HOST 0
#define GUEST 1
#define bit_of(an_epoch) (1 << (an_epoch))

/* The room document; `closed` is 1 once sealed, 2 once burned. */
bool there, expired, host_lapsed, guest_lapsed;
byte closed, epoch, host, guest, left_host, left_guest, last, past;
/* The envelopes: a bit for each epoch that has some. */
byte envelopes;

/* What is true of the run, whatever the document says. */
byte rightful_guest;   /* the guest whose lease runs */
byte rightful_host;
byte told_last;        /* who was made the last one out of this epoch */
bool is_sealed;        /* this epoch was sealed */
byte faults;
byte over;             /* clients that have ended */
byte running;          /* a bit for each token whose client runs */
byte begun_hosts, begun_guests;
/* A crash, an expired room, or a late command: what is left is for the relay's own expiry to remove. */
bool disturbed;
byte reopenings;

/* The command that is held back. */
#define CREATE 1
#define CLAIM 2
#define STORE 3
#define VACATE 4
#define REOPEN 5
#define DEPART 6
#define RENEW 7
byte late, late_token, late_epoch, held_back;
bool late_role;

#define living (there && !expired)
#define holds(a_role, a_token) ((a_role == HOST && host == a_token) || (a_role == GUEST && guest == a_token))
#define held(a_role, a_token, an_epoch) (living && epoch == an_epoch && holds(a_role, a_token))

inline new_epoch(a_token) {
  epoch = a_token; closed = 0; host = a_token; host_lapsed = 0; guest = 0; guest_lapsed = 0;
  left_host = 0; left_guest = 0; rightful_host = a_token; rightful_guest = 0; told_last = 0; is_sealed = 0
}

inline remove_room() {
  new_epoch(0);
  there = 0; expired = 0; last = 0; past = 0
}

inline do_create(a_token) {
  if
  :: !living ->
    past = (there -> past | bit_of(epoch) : 0);
    there = 1; expired = 0; last = 0;
    new_epoch(a_token)
  :: else
  fi;
  skip
}

inline do_claim(a_token) {
  if
  :: living && host != 0 && guest == a_token -> guest_lapsed = 0; rightful_guest = a_token
  :: living && host != 0 && guest != a_token && (guest == 0 || guest_lapsed) &&
     (closed == 0 || (BROKEN == SEAL_IGNORED && closed == 1)) &&
     (left_guest != a_token || BROKEN == LATE_CLAIM) ->
    require(rightful_guest == 0);
    require(!is_sealed);
    require(!(late_lands && left_guest == a_token));
    guest = a_token; guest_lapsed = 0; rightful_guest = a_token
  :: else
  fi;
  skip
}
bool late_lands;

inline do_renew(a_role, a_token, an_epoch) {
  if
  :: held(HOST, a_token, an_epoch) && a_role == HOST -> host_lapsed = 0; rightful_host = a_token
  :: held(GUEST, a_token, an_epoch) && a_role == GUEST -> guest_lapsed = 0; rightful_guest = a_token
  :: else
  fi;
  skip
}

inline do_vacate(a_token, an_epoch) {
  if
  :: held(HOST, a_token, an_epoch) && guest != 0 && closed != 1 ->
    guest = 0; guest_lapsed = 0; rightful_guest = 0
  :: else
  fi;
  skip
}

inline do_reopen(a_role, a_token, an_epoch) {
  if
  :: held(a_role, a_token, an_epoch) && epoch != FRESH ->
    past = past | bit_of(epoch);
    new_epoch(FRESH)
  :: else
  fi;
  skip
}

/* Clears the seat and, in the same update, decides whether that was the last one out. */
inline do_depart(a_role, a_token, an_epoch) {
  if
  :: there && epoch == an_epoch && a_role == HOST && (host == a_token || left_host == a_token) ->
    if :: host == a_token -> host = 0; host_lapsed = 0; rightful_host = 0 :: else fi;
    left_host = a_token;
    if
    :: host == 0 && (last == 0 || BROKEN == LAST_BY_TWO) &&
       (guest == 0 || (guest_lapsed && BROKEN != LEASE_IGNORED)) ->
      require(rightful_guest == 0);
      be_last(a_token)
    :: else
    fi;
    expire_if_empty();
    require(last != 0 || rightful_guest != 0)
  :: there && epoch == an_epoch && a_role == GUEST && (guest == a_token || left_guest == a_token) ->
    if :: guest == a_token -> guest = 0; guest_lapsed = 0; rightful_guest = 0 :: else fi;
    left_guest = a_token;
    if
    :: guest == 0 && (last == 0 || BROKEN == LAST_BY_TWO) &&
       (host == 0 || (host_lapsed && BROKEN != LEASE_IGNORED)) ->
      require(rightful_host == 0);
      be_last(a_token)
    :: else
    fi;
    expire_if_empty();
    require(last != 0 || rightful_host != 0 || guest != 0)
  :: else
  fi;
  skip
}

inline be_last(a_token) {
  require(told_last == 0 || told_last == a_token);
  last = a_token; told_last = a_token
}

#define is_empty ((host == 0 || (host_lapsed && BROKEN != LEASE_IGNORED)) && \
                  (guest == 0 || (guest_lapsed && BROKEN != LEASE_IGNORED)))

inline expire_if_empty() { expired = (is_empty -> 1 : expired) }

/* The command gets no answer and is repeated, but it is still under way. */
inline hold_back(a_command, a_role, a_token, an_epoch) {
  held_back < LATE && late == 0 ->
  held_back++;
  late = a_command; late_role = a_role; late_token = a_token; late_epoch = an_epoch;
  disturbed = disturbed || a_command == CREATE || a_command == CLAIM || a_command == STORE
}

inline end_client() {
  over++; running = running & ~bit_of(token) ;
  token = 0; my_epoch = 0; my_role = 0; seen = 0;
  /* Where all have left in time, nothing is left. */
  require(over < CLIENTS || disturbed || (envelopes == 0 && !living))
}

inline crash(condition) {
  d_step {
    may_fail && (condition) ->
    fail();
    disturbed = 1; end_client(); is_last = 0
  }
}

inline store(an_epoch) { envelopes = envelopes | bit_of(an_epoch) }

/* The first command of a client: hosts are alike and so are guests, so they begin in one order. */
#define may_begin(begun, place) (begun >= (place) - 1)
#define begin(begun, place) \
  begun = (begun < (place) -> (place) : begun); running = running | bit_of(token)

proctype Client(byte token; bool my_role) {
  byte my_epoch, seen;
  bool is_last;      /* found the room empty on leaving */

  if
  :: my_role == HOST -> goto creating
  :: else -> goto claiming
  fi;

creating:
  if
  :: atomic {
       may_begin(begun_hosts, token) ->
       begin(begun_hosts, token);
       do_create(token);
       if
       :: living && host == token -> my_epoch = epoch; seen = past
       :: else -> goto ended                                        /* taken */
       fi;
       if :: seen == 0 -> goto inside :: else fi
     }
  :: d_step {
       may_fail && !living && may_begin(begun_hosts, token) ->      /* the answer is lost */
       fail();
       begin(begun_hosts, token);
       do_create(token)
     };
     goto creating
  :: d_step { hold_back(CREATE, HOST, token, 0); begin(begun_hosts, token) }; goto creating
  :: crash(host == token); goto done
  fi;
  if
  :: d_step { envelopes = envelopes & ~seen; seen = 0 }; goto inside
  :: crash(true); goto done
  fi;

claiming:
  if
  :: atomic {
       may_begin(begun_guests, token - HOSTS) ->
       begin(begun_guests, token - HOSTS);
       do_claim(token);
       if
       :: living && guest == token && (host != 0 || BROKEN != REFUSED_HOLDER) ->
         my_epoch = epoch; store(my_epoch); goto waiting
       :: living && !(guest == token && (host != 0 || BROKEN != REFUSED_HOLDER)) &&
          (closed != 0 || (guest != 0 && !guest_lapsed)) ->
         seen = epoch                                               /* refused */
       :: else -> goto ended                                        /* absent */
       fi
     }
  :: d_step {
       may_fail && living && host != 0 && guest != token && may_begin(begun_guests, token - HOSTS) ->
       fail();
       begin(begun_guests, token - HOSTS);
       do_claim(token)
     };
     goto claiming
  :: d_step { hold_back(CLAIM, GUEST, token, 0); begin(begun_guests, token - HOSTS) }; goto claiming
  :: crash(guest == token); goto done
  fi;
knocking:
  if
  :: d_step { store(seen) }
  :: d_step { hold_back(STORE, GUEST, token, seen) }; goto knocking
  fi;
  if
  :: (there && epoch == seen) || BROKEN == BLIND_KNOCK -> goto ended
  :: !(there && epoch == seen) && BROKEN != BLIND_KNOCK
  :: crash(true); goto done
  fi;
  if
  :: d_step { envelopes = envelopes & ~bit_of(seen); seen = 0 }; goto ended
  :: crash(true); goto done
  fi;

  /* The guest waits to be let in, until the host has done so, or is gone, or has taken the seat back. */
waiting:
  if
  :: held(GUEST, token, my_epoch) && closed == 1
  :: !held(GUEST, token, my_epoch) -> goto leaving
  :: held(GUEST, token, my_epoch) && (host == 0 || host_lapsed) -> goto leaving
  :: crash(true); goto done
  fi;

inside:
  if
  :: d_step { !(envelopes & bit_of(my_epoch)) -> store(my_epoch) }; goto inside
  :: d_step { hold_back(STORE, my_role, token, my_epoch) }; goto inside
  :: d_step {
       held(my_role, token, my_epoch) && (my_role == HOST -> host_lapsed : guest_lapsed) ->
       do_renew(my_role, token, my_epoch)
     };
     goto inside
  :: d_step { hold_back(RENEW, my_role, token, my_epoch) }; goto inside
  :: d_step {
       my_role == HOST && held(HOST, token, my_epoch) && guest != 0 && closed == 0 ->
       closed = 1; is_sealed = 1
     };
     goto inside
  :: d_step { my_role == HOST && held(HOST, token, my_epoch) && closed == 0 -> closed = 2 }; goto inside
  :: d_step {
       my_role == HOST && held(HOST, token, my_epoch) && guest != 0 && closed != 1 ->
       do_vacate(token, my_epoch)
     };
     goto inside
  :: d_step { hold_back(VACATE, my_role, token, my_epoch) }; goto inside
  :: d_step { reopenings < REOPENINGS && held(my_role, token, my_epoch) -> reopenings++ }; goto reopening
  :: goto leaving                                                   /* the person leaves */
  :: crash(true); goto done
  fi;

reopening:
  if
  :: atomic {
       do_reopen(my_role, token, my_epoch);
       if
       :: living && epoch == FRESH && host == FRESH ->
         running = (running & ~bit_of(token)) | bit_of(FRESH);
         token = FRESH; my_role = HOST; my_epoch = FRESH; seen = past
       :: else -> running = running & ~bit_of(FRESH); goto leaving  /* evicted */
       fi
     }
  :: d_step {
       may_fail && held(my_role, token, my_epoch) ->
       fail();
       running = running | bit_of(FRESH); do_reopen(my_role, token, my_epoch)
     };
     goto reopening
  :: d_step { hold_back(REOPEN, my_role, token, my_epoch) }; goto reopening
  :: d_step {
       may_fail ->
       fail();
       disturbed = 1; running = running & ~bit_of(FRESH); end_client()
     };
     goto done
  fi;
  if
  :: d_step { envelopes = envelopes & ~seen; seen = 0 }; goto inside
  :: crash(true); goto done
  fi;

leaving:
  if
  :: atomic {
       do_depart(my_role, token, my_epoch);
       if
       :: there && epoch == my_epoch && is_empty &&
          (my_role == HOST -> left_host : left_guest) == token ->
         seen = past | bit_of(my_epoch); is_last = 1
       :: else -> goto sweeping
       fi
     }
  :: d_step {
       may_fail && there && epoch == my_epoch && holds(my_role, token) ->
       fail();
       do_depart(my_role, token, my_epoch)
     };
     goto leaving
  :: d_step { hold_back(DEPART, my_role, token, my_epoch) }; goto leaving
  :: crash(true); goto done
  fi;
  if
  :: d_step { envelopes = envelopes & ~seen; seen = 0 }
  :: crash(true); goto done
  fi;
  if
  :: d_step {
       if
       :: there && epoch == my_epoch -> remove_room()
       :: else
       fi;
       skip
     }
  :: crash(true); goto done
  fi;

sweeping:
  if
  :: d_step { BROKEN != NO_SWEEP -> seen = envelopes }
  :: BROKEN == NO_SWEEP -> goto ended
  :: crash(true); goto done
  fi;
  if
  :: atomic {
       true ->
       if
       :: there && epoch == my_epoch && !is_last -> goto ended
       :: else -> seen = (there -> seen & ~bit_of(epoch) : seen)
       fi;
       if :: seen == 0 -> goto ended :: else fi
     }
  :: crash(true); goto done
  fi;
  if
  :: d_step { envelopes = envelopes & ~seen; seen = 0 }; goto sweeping
  :: crash(true); goto done
  fi;

ended:
  atomic { end_client(); is_last = 0 };
done:
  skip
}

/* Time, the server's removal of what has expired, and the arrival of what was held back. */
proctype Time() {
  do
  :: d_step {
       living && host != 0 && !host_lapsed && !(running & bit_of(host)) -> host_lapsed = 1; rightful_host = 0
     }
  :: d_step {
       living && guest != 0 && !guest_lapsed && !(running & bit_of(guest)) -> guest_lapsed = 1; rightful_guest = 0
     }
  :: d_step {
       may_fail && living && host != 0 && !host_lapsed && (running & bit_of(host)) ->
       fail();
       host_lapsed = 1; rightful_host = 0
     }
  :: d_step {
       may_fail && living && guest != 0 && !guest_lapsed && (running & bit_of(guest)) ->
       fail();
       guest_lapsed = 1; rightful_guest = 0
     }
  :: d_step { living && (host == 0 || host_lapsed) && (guest == 0 || guest_lapsed) ->
       expired = 1; disturbed = 1 }
  :: d_step { there && expired -> remove_room() }
  :: d_step { (envelopes & ~(living -> bit_of(epoch) : 0)) != 0 ->
       envelopes = (living -> envelopes & bit_of(epoch) : 0) }
  :: d_step {
       late != 0 ->
       late_lands = 1;
       if
       :: late == CREATE -> do_create(late_token)
       :: late == CLAIM -> do_claim(late_token)
       :: late == STORE -> store(late_epoch)
       :: late == VACATE -> do_vacate(late_token, late_epoch)
       :: late == REOPEN -> do_reopen(late_role, late_token, late_epoch)
       :: late == DEPART ->
         do_depart(late_role, late_token, late_epoch);
         /* Its client has its answer and removes nothing. */
         if :: there && is_empty -> disturbed = 1 :: else fi
       :: late == RENEW -> do_renew(late_role, late_token, late_epoch)
       fi;
       late = 0; late_token = 0; late_epoch = 0; late_role = 0; late_lands = 0
     }
  :: over == CLIENTS && late == 0 && !there && envelopes == 0 -> break
  od
}

proctype Hostile() {
  byte writes;
  do
  :: writes < HOSTILE ->
    d_step {
      writes++;
      if
      :: there -> remove_room()
      :: there -> host = 0
      :: there -> guest = 0
      :: there -> host = FORGED; host_lapsed = 0
      :: there -> guest = FORGED; guest_lapsed = 0
      :: there -> closed = (closed + 1) % 3
      :: there -> last = FORGED
      :: there -> expired = !expired
      :: there -> epoch = FORGED
      :: envelopes = envelopes | bit_of(1) | bit_of(FORGED)
      fi;
      skip
    }
  :: break
  od
}

init {
  atomic {
    c_code {
      now.HOSTS = atoi(getenv("HOSTS"));
      now.GUESTS = atoi(getenv("GUESTS"));
      now.FAULTS = atoi(getenv("FAULTS"));
      now.LATE = atoi(getenv("LATE"));
      now.HOSTILE = atoi(getenv("HOSTILE"));
      now.REOPENINGS = atoi(getenv("REOPENINGS"));
      now.BROKEN = atoi(getenv("BROKEN"));
    };
    byte i = 1;
    do
    :: i <= CLIENTS -> run Client(i, (i > HOSTS)); i++
    :: else -> break
    od;
    run Time();
    if :: HOSTILE > 0 -> run Hostile() :: else fi
  }
}

// Memory that a thread keeps from call to call, by what it is for; it grows, and is freed with the thread.
enum { WF_PACKED_A, WF_PACKED_B, WF_WEIGHTS, WF_FRAME, WF_PANELS, WF_WORDS, WF_KEYS, WF_TURNED, WF_ROOMS };

struct wf_room { void *memory; i64 size; };

static __thread struct wf_room rooms[WF_ROOMS];
static pthread_key_t ending;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void free_rooms(void *given) {
    struct wf_room *room = given;
    for (int i = 0; i < WF_ROOMS; i++) wf_release(room[i].memory), room[i] = (struct wf_room){0};
}

static void know_ending(void) { pthread_key_create(&ending, free_rooms); }

static void *wf_room(int purpose, i64 size) {
    struct wf_room *room = rooms + purpose;
    if (room->size < size) {
        pthread_once(&once, know_ending);
        pthread_setspecific(ending, rooms);
        wf_release(room->memory);
        *room = (struct wf_room){wf_allocate(size), size};
        if (!room->memory) abort();          // no more than a few panels of a product or of an image
    }
    return room->memory;
}

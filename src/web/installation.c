#include "web/verification.h"

#include "job/doctor.h"

/* For who runs this installation: nothing of an association, nothing of a person. */
enum err installation_get(struct http_request *request, struct http_response *response)
{
    struct page *page = page_of(request);
    const struct doctor_options *doctor = page->web->options.doctor;
    struct template_map *data = page_data(page, "installation");
    struct template_list *list = template_set_list(data, "findings");
    struct findings findings;
    enum err err;

    (void)response;
    findings_init(&findings, page->arena);
    err = doctor_look(doctor, page->db, page->now, &findings);
    page_end_reading(page);
    if (!err && gate_enter(&page->web->provider_gate) == OK) {
        err = doctor_ask(doctor, page->thread->client, page->now, &findings);
        gate_leave(&page->web->provider_gate);
    } else if (!err) {
        findings_add_text(&findings, FINDING_WARN, FINDING_UNREACHABLE, "busy");
    }
    for (size_t i = 0; !err && i < findings.count; i++)
        finding_add(page, list, &findings.items[i]);
    finding_level_set(data, findings_worst(&findings));
    template_set_time(data, "now", page->now, finding_zone(page));
    return err ? err : page_render(page, 200, "installation.html", data);
}

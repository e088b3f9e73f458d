"""Django's admin, on the library's site."""

from django.contrib.admin import apps as admin


class AdminConfig(admin.AdminConfig):
    default_site = "modeldesk.django.staff.site.StaffSite"
